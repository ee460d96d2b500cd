internal import Glibc

/// The directory that holds the segments, by path.
struct StoreDirectory: Sendable, Equatable {
    let path: String

    func path(of name: String) -> String { path + "/" + name }

    /// Makes the directory if it is not there; its parent must exist.
    func create() throws(StoreError) {
        guard mkdir(path, 0o750) != 0 else { return }
        guard errno == EEXIST else { throw .system(operation: "mkdir", path: path, errno: errno) }
    }

    /// The names in it, sorted, without `.` and `..`.
    func names() throws(StoreError) -> [String] {
        guard let stream = opendir(path) else { throw .system(operation: "open", path: path, errno: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Allocated bytes of a file, 0 when it is not there.
    func allocated(_ name: String) -> Int64 {
        var status = stat()
        return stat(path(of: name), &status) == 0 ? Int64(status.st_blocks) * 512 : 0
    }

    /// Allocated bytes of a segment's file and of what SQLite keeps beside it.
    func allocatedWithCompanions(_ name: String) -> Int64 {
        SegmentName.companions(name).reduce(allocated(name)) { $0 + allocated($1) }
    }

    /// Allocated bytes of all the store's files, of both families.
    func usage() -> Int64 {
        guard let names = try? names() else { return 0 }
        return names.reduce(0) { SegmentName.isOurs($1) ? $0 + allocated($1) : $0 }
    }

    func contains(_ name: String) -> Bool { access(path(of: name), F_OK) == 0 }

    /// Length of a file, 0 when it is not there.
    func length(_ name: String) -> Int64 {
        var status = stat()
        return stat(path(of: name), &status) == 0 ? Int64(status.st_size) : 0
    }

    func remove(_ name: String) throws(StoreError) {
        guard unlink(path(of: name)) != 0, errno != ENOENT else { return }
        throw .system(operation: "unlink", path: path(of: name), errno: errno)
    }

    func rename(_ name: String, to other: String) throws(StoreError) {
        guard Glibc.rename(path(of: name), path(of: other)) != 0 else { return }
        throw .system(operation: "rename", path: path(of: name), errno: errno)
    }

    /// Makes creations, renames and removals safe from a power cut.
    func sync() throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(operation: "fsync", path: path, errno: errno) }
    }

    /// Bytes of the whole file system, 0 when that is not known.
    func total() -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return 0 }
        return Int64(status.f_blocks) * Int64(status.f_frsize)
    }

    /// Bytes that an unprivileged process could still allocate on the file system.
    func free() -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return .max }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }
}
