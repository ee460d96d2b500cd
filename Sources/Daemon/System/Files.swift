internal import Glibc

/// The few file operations the daemon needs outside of the store.
enum Files {
    /// errno of a failed call, as its text.
    struct Failure: Error, CustomStringConvertible {
        let code: Int32
        var description: String { String(cString: strerror(code)) }
        var isNoSuchFile: Bool { code == ENOENT }
    }

    /// - Parameter limit: bytes; a longer file is refused (EFBIG) instead of filling the memory.
    static func read(_ path: String, limit: Int = 1 << 20) throws(Failure) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure(code: errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw Failure(code: errno) }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw Failure(code: EFBIG) }
        }
    }

    /// The names in a directory that end in `suffix`, sorted; none if there is no such directory.
    static func names(in directory: String, suffix: String) throws(Failure) -> [String] {
        guard let handle = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw Failure(code: errno)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(suffix), name.first != "." { names.append(name) }
        }
        return names.sorted()
    }
}
