internal import SQLTables
internal import SQLite

/// The log as tables, for any program that loads SQLite's extensions: `.load libhdrlog`.
///
/// The name follows from the file's (sqlite.org/loadext.html). It stays loaded: Swift's runtime cannot go.
@_cdecl("sqlite3_hdrlog_init")
public func initialize(
    _ host: OpaquePointer, _ problem: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
    _ routines: UnsafeRawPointer?
) -> Int32 {
    let (okLoadPermanently, error): (Int32, Int32) = (256, 1)
    do {
        let settings = SQLTables.Settings(directory: SQLTables.defaultDirectory)
        try SQLTables.add(to: Extensions(host: host), settings)
        return okLoadPermanently
    } catch let failure {
        problem?.pointee = failure.messageForHost
        return error
    }
}
