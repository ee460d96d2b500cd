/// One key of hdrlogd.toml: where it stands, what it means, and how it moves into and out of `Configuration`.
///
/// The reader, the printed sample file, the `config` method and the manual all work from this one list.
struct Setting: Sendable {
    let section: String
    let key: String
    /// One line for the sample file: why somebody would change it.
    let purpose: String
    /// What a value must look like, for error messages: "a size such as \"64M\"".
    let expected: String
    /// Takes a value over; false when it is not of the expected form or out of range.
    let assign: @Sendable (inout Configuration, ConfigurationValue) -> Bool
    /// The value as a TOML literal.
    let show: @Sendable (Configuration) -> String
    /// Takes the value of another configuration over.
    let copy: @Sendable (Configuration, inout Configuration) -> Void
    /// A reload cannot change it: what it sizes or names is made once, at the start.
    var needsRestart = false

    var name: String { "\(section).\(key)" }

    /// The same setting, of which a reload takes no notice.
    var atStart: Setting {
        var setting = self
        setting.needsRestart = true
        return setting
    }
}

/// A value as it stood in the file, freed of the TOML library's types.
enum ConfigurationValue: Equatable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case strings([String])
    case other(String)
}

extension Setting {
    static let all: [Setting] = [
        .strings(
            "capture", "interfaces", \.capture.interfaces,
            "names or globs (\"eth*\"); \"auto\" is every interface that is up and not loopback"),
        .choice(
            "capture", "hook", \.capture.hook,
            "where the programs sit; auto takes the cheapest place for each kind of device"),
        .choice("capture", "direction", \.capture.direction, "received, sent, or both"),
        .integer(
            "capture", "sampling_rate", \.capture.samplingRate, 1...1_000_000,
            "log the headers of one packet in so many; counters stay exact whatever it is"),
        .words(
            "capture", "always_keep", \.capture.alwaysKeep, ["tcp-edges", "icmp-errors", "malformed"],
            "packets kept whatever the sampling rate: SYN, FIN and RST; ICMP errors; malformed ones"),
        .integer(
            "capture", "first_packets", \.capture.firstPackets, 0...1000,
            "likewise so many packets of each flow, anew in each flow interval and with each status request"),
        .integer(
            "capture", "header_budget", \.capture.headerBudget, 0...100_000_000,
            "headers a second above which all sampling rates rise by themselves, and fall again; 0 is no limit"),
        .size(
            "capture", "ring_memory", \.capture.ringMemory, (64 << 10)...(4 << 30),
            "ring buffers of all CPUs together; more outlasts longer bursts"
        ).atStart,
        .size(
            "capture", "flow_memory", \.capture.flowMemory, (1 << 20)...(16 << 30),
            "kernel flow tables of all CPUs together; flows beyond it are counted as untracked"
        ).atStart,
        .span(
            "capture", "flow_interval", \.capture.flowInterval,
            "how often flows and counters are taken over into the log"),
        .path(
            "storage", "directory", \.storage.directory,
            "where segments are kept; \"\" is $STATE_DIRECTORY, else /var/lib/hdrlog"
        ).atStart,
        .size(
            "storage", "max_use", \.storage.maxUse, (32 << 20)...(1 << 50),
            "disk budget; the oldest segments are deleted above it"),
        .size(
            "storage", "flow_max_use", \.storage.flowMaxUse, (4 << 20)...(1 << 50),
            "of this, flows and counters may take so much, at most a quarter"),
        .size(
            "storage", "keep_free", \.storage.keepFree, 0...(1 << 50),
            "leave this much of the file system to others"),
        .size(
            "storage", "flow_keep_free", \.storage.flowKeepFree, 0...(1 << 50),
            "likewise for flows and counters: with less than keep_free headers go first; 0 is as keep_free"),
        .span(
            "storage", "max_age", \.storage.maxAge,
            "delete segments that are older; 0s keeps them as long as the budget allows"),
        .span(
            "storage", "flow_max_age", \.storage.flowMaxAge,
            "likewise flows and counters, which may outlive headers; 0s is as max_age"),
        .size(
            "storage", "segment_max_size", \.storage.segmentMaxSize, (4 << 20)...(64 << 30),
            "start a new file at this size"),
        .size(
            "storage", "flow_segment_max_size", \.storage.flowSegmentMaxSize, (4 << 20)...(64 << 30), orZero: true,
            "likewise for flows and counters; 0 is as segment_max_size"),
        .span("storage", "segment_max_age", \.storage.segmentMaxAge, "start a new file after this time"),
        .span(
            "storage", "flow_segment_max_age", \.storage.flowSegmentMaxAge,
            "likewise for flows and counters; 0s is as segment_max_age"),
        .span(
            "storage", "flush_interval", \.storage.flushInterval,
            "what a crash of the daemon may cost at the most"),
        .span(
            "storage", "sync_interval", \.storage.syncInterval,
            "what a power cut may cost at the most; longer wears flash less"),
        .path("socket", "path", \.socket.path, "where hdrctl finds the daemon").atStart,
        .string("socket", "group", \.socket.group, "members may query; changes need root").atStart,
        .integer("socket", "max_clients", \.socket.maxClients, 1...4096, "connections at a time").atStart,
        .span("query", "time_limit", \.query.timeLimit, "a query is ended after this time"),
        .integer("query", "concurrent", \.query.concurrent, 1...64, "queries at a time; more wait"),
    ]

    // MARK: - kinds of settings

    private typealias Path<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    private static func make<Value>(
        _ section: String, _ key: String, _ path: Path<Value>, _ purpose: String, expected: String,
        read: @escaping @Sendable (ConfigurationValue) -> Value?,
        show: @escaping @Sendable (Value) -> String
    ) -> Setting {
        Setting(
            section: section, key: key, purpose: purpose, expected: expected,
            assign: { configuration, value in
                guard let read = read(value) else { return false }
                configuration[keyPath: path] = read
                return true
            },
            show: { show($0[keyPath: path]) },
            copy: { $1[keyPath: path] = $0[keyPath: path] })
    }

    private static func string(
        _ section: String, _ key: String, _ path: Path<String>, _ purpose: String
    ) -> Setting {
        make(section, key, path, purpose, expected: "a string") { value in
            if case .string(let text) = value { text } else { nil }
        } show: {
            quoted($0)
        }
    }

    private static func path(
        _ section: String, _ key: String, _ path: Path<String>, _ purpose: String
    ) -> Setting {
        make(section, key, path, purpose, expected: "an absolute path in quotes") { value in
            if case .string(let text) = value, text.isEmpty || text.hasPrefix("/") { text } else { nil }
        } show: {
            quoted($0)
        }
    }

    private static func strings(
        _ section: String, _ key: String, _ path: Path<[String]>, _ purpose: String
    ) -> Setting {
        make(section, key, path, purpose, expected: "an array of strings that is not empty") { value in
            if case .strings(let texts) = value, !texts.isEmpty { texts } else { nil }
        } show: {
            "[" + $0.map(quoted).joined(separator: ", ") + "]"
        }
    }

    /// Words of a list, none of them twice; there may be none.
    private static func words(
        _ section: String, _ key: String, _ path: Path<[String]>, _ known: [String], _ purpose: String
    ) -> Setting {
        make(
            section, key, path, purpose,
            expected: "an array of " + known.map(quoted).joined(separator: ", ")
        ) { value in
            guard case .strings(let texts) = value else { return nil }
            return texts.allSatisfy(known.contains) && Set(texts).count == texts.count ? texts : nil
        } show: {
            "[" + $0.map(quoted).joined(separator: ", ") + "]"
        }
    }

    private static func integer(
        _ section: String, _ key: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ purpose: String
    ) -> Setting {
        make(
            section, key, path, purpose,
            expected: "an integer from \(range.lowerBound) to \(range.upperBound)"
        ) { value in
            if case .integer(let number) = value, range.contains(number) { number } else { nil }
        } show: {
            "\($0)"
        }
    }

    private static func size(
        _ section: String, _ key: String, _ path: Path<ByteSize>, _ range: ClosedRange<Int>, orZero: Bool = false,
        _ purpose: String
    ) -> Setting {
        let bounds =
            "\(ByteSize(bytes: range.lowerBound)) to \(ByteSize(bytes: range.upperBound))" + (orZero ? ", or 0" : "")
        return make(section, key, path, purpose, expected: "a size such as \"64M\", from \(bounds)") { value in
            let size: ByteSize? =
                switch value {
                case .string(let text): ByteSize(parsing: text)
                case .integer(let bytes): ByteSize(bytes: bytes)
                default: nil
                }
            return size.flatMap { range.contains($0.bytes) || orZero && $0.bytes == 0 ? $0 : nil }
        } show: {
            quoted("\($0)")
        }
    }

    private static func span(
        _ section: String, _ key: String, _ path: Path<TimeSpan>, _ purpose: String
    ) -> Setting {
        make(section, key, path, purpose, expected: "a time span such as \"10s\", \"5min\" or \"1d\"") { value in
            if case .string(let text) = value { TimeSpan(parsing: text) } else { nil }
        } show: {
            quoted("\($0)")
        }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ section: String, _ key: String, _ path: Path<Choice>, _ purpose: String
    ) -> Setting {
        let names = Choice.allCases.map { quoted($0.rawValue) }.joined(separator: ", ")
        return make(section, key, path, purpose, expected: "one of \(names)") { value in
            if case .string(let text) = value { Choice(rawValue: text) } else { nil }
        } show: {
            quoted($0.rawValue)
        }
    }
}

/// A TOML basic string.
private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\t": out += "\\t"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}
