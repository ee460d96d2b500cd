internal import Glibc

/// strerror_r(3), which unlike strerror(3) may be called from any thread.
func errorText(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
        guard strerror_r(code, buffer.baseAddress!, buffer.count) == 0 else { return "error \(code)" }
        return String(cString: buffer.baseAddress!)
    }
}

func isNoSpaceCode(_ code: Int32) -> Bool { code == ENOSPC || code == EDQUOT }

/// A file that is read and written by position; closed when it goes out of scope.
struct File: ~Copyable {
    private let descriptor: Int32
    let path: String

    enum Mode { case read, write, create }

    init(_ path: String, _ mode: Mode) throws(StoreError) {
        let flags: Int32 =
            switch mode {
            case .read: O_RDONLY
            case .write: O_RDWR
            case .create: O_RDWR | O_CREAT
            }
        descriptor = open(path, flags | O_CLOEXEC, 0o640)
        self.path = path
        guard descriptor >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
    }

    /// An open file, by a descriptor of its own.
    /// - Parameters:
    ///   - other: stays the property of the caller.
    ///   - name: what errors call it.
    init(duplicating other: Int32, name: String) throws(StoreError) {
        descriptor = fcntl(other, F_DUPFD_CLOEXEC, 0)
        path = name
        guard descriptor >= 0 else { throw .system(operation: "dup", path: name, errno: errno) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let result = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw .system(operation: "write", path: path, errno: errno) }
            done += result
        }
    }

    /// The whole contents.
    func read() throws(StoreError) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(operation: "stat", path: path, errno: errno) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let (start, left) = (done, bytes.count - done)
            let result = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress! + start, left, off_t(start)) }
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw .system(operation: "read", path: path, errno: errno) }
            if result == 0 { break }
            done += result
        }
        bytes.removeLast(bytes.count - done)
        return bytes
    }

    /// fdatasync(2)
    func sync() throws(StoreError) {
        guard fdatasync(descriptor) == 0 else { throw .system(operation: "fdatasync", path: path, errno: errno) }
    }

    func truncate(to size: Int) throws(StoreError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            throw .system(operation: "truncate", path: path, errno: errno)
        }
    }

    /// flock(2), exclusive, without waiting.
    /// - Returns: false when another process holds it.
    func lock() throws(StoreError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .system(operation: "lock", path: path, errno: errno) }
        return false
    }
}
