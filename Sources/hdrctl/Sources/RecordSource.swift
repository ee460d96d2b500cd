internal import Filter
internal import Records
internal import Store
internal import Wire

/// Where records come from: the daemon, or a directory of segments.
enum RecordSource {
    case daemon(path: String)
    case directory(String)

    /// Delivers the records of a query, many at a time.
    /// - Parameter each: gets records that are valid within the call only.
    /// - Returns: what the answer covers.
    func query(
        _ request: QueryRequest, _ each: (JSONLines) throws(Failure) -> Void
    ) throws(Failure) -> Completeness? {
        switch self {
        case .daemon(let path): try Self.query(path, request, each)
        case .directory(let directory): try StoredRecords(directory: directory).query(request, each)
        }
    }

    /// Asks the daemon, or the segments in the directory.
    func answer<Answer>(
        daemon ask: (inout Client) throws(ClientError) -> Answer,
        directory read: (String) throws(StoreError) -> Answer
    ) throws(Failure) -> Answer {
        switch self {
        case .daemon(let path):
            do throws(ClientError) {
                var client = try Client(path: path)
                return try ask(&client)
            } catch {
                throw Failure(error)
            }
        case .directory(let directory):
            do throws(StoreError) {
                return try read(directory)
            } catch {
                throw Failure(.inputOutput, "\(error)")
            }
        }
    }

    private static func query(
        _ path: String, _ request: QueryRequest, _ each: (JSONLines) throws(Failure) -> Void
    ) throws(Failure) -> Completeness? {
        var failure: Failure?
        let completeness: Completeness?
        do throws(ClientError) {
            var client = try Client(path: path)
            completeness = try client.query(request) { records in
                do throws(Failure) { try each(records) } catch { failure = error }
                return failure == nil
            }
        } catch {
            if case .service(.invalidFilter(let column, let found, let expected, let hint)) = error {
                throw Failure(
                    FilterError(column: column, found: found, expected: expected, hint: hint),
                    in: request.filter ?? "")
            }
            throw Failure(error)
        }
        if let failure { throw failure }
        return completeness
    }
}

/// Segments that are read without a daemon.
struct StoredRecords {
    let directory: String

    func query(
        _ request: QueryRequest, _ each: (JSONLines) throws(Failure) -> Void
    ) throws(Failure) -> Completeness? {
        guard request.follow != true else {
            throw Failure(.usage, "--follow needs the daemon: segments in a directory do not grow by themselves")
        }
        var failure: Failure?
        let result: QueryResult
        do throws(StoreError) {
            result = try withoutActuallyEscaping(each) { each throws(StoreError) in
                let line = EncodingLine(
                    fields: request.fields?.compactMap { Field(named: $0) }, raw: request.raw ?? false, each)
                let result = try StoreReader(directory: directory).query(try Self.query(request), threads: 2) {
                    record, interface in
                    do throws(Failure) { try line.append(record, interface: interface) } catch { failure = error }
                    return failure == nil
                }
                if failure == nil { do throws(Failure) { try line.finish() } catch { failure = error } }
                return result
            }
        } catch {
            throw Failure(.inputOutput, "\(error)")
        }
        if let failure { throw failure }
        for file in result.unreadable {
            StandardError.line("hdrctl: \(directory)/\(file.name): \(file.reason); its records are missing")
        }
        return Self.completeness(result)
    }

    private static func query(_ request: QueryRequest) throws(StoreError) -> Query {
        var query = Query()
        // Checked before: hdrctl has built the text.
        query.filter = (try? FilterExpression(parsing: request.filter ?? "")) ?? .all
        let since = request.since ?? .min
        query.range = since..<max(since, request.until ?? .max)
        query.order = request.reverse == true ? .descending : .ascending
        query.limit = request.limit
        return query
    }

    static func completeness(_ result: QueryResult) -> Completeness {
        Completeness(
            since: result.covered?.lowerBound ?? 0, until: result.covered?.upperBound ?? 0, records: result.delivered,
            limited: result.stopped == .limit || result.stopped == .cancelled,
            rates: rates(result),
            gaps: result.gaps.map {
                Wire.Gap(since: $0.from, until: $0.to, reason: $0.reason.text, lost: $0.count.map { Int(clamping: $0) })
            })
    }

    /// The store tells the least and the greatest rate of the blocks in range.
    private static func rates(_ result: QueryResult) -> [SamplingRate] {
        guard let rates = result.rates else { return [] }
        if rates.count == 1 { return [SamplingRate(rate: Int(rates.lowerBound), records: result.delivered)] }
        return [rates.lowerBound, rates.upperBound].map { SamplingRate(rate: Int($0)) }
    }
}
