internal import Glibc

/// A POSIX thread with a name that `top -H` shows. The daemon's loops block in system calls for as long as they
/// like, which Swift's cooperative pool does not allow.
final class Thread: @unchecked Sendable {
    private var handle = pthread_t()
    private let body: @Sendable () -> Void
    private let name: String
    private let isPrivileged: Bool

    /// Starts at once.
    /// - Parameters:
    ///   - name: at most 15 bytes are kept by the kernel.
    ///   - isPrivileged: keeps the capabilities of the daemon: it attaches or loads programs.
    init(_ name: String, isPrivileged: Bool = false, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.isPrivileged = isPrivileged
        self.body = body
        let context = Unmanaged.passRetained(self).toOpaque()
        let result = pthread_create(&handle, nil, { Thread.run($0) }, context)
        precondition(result == 0, "pthread_create: \(result)")
    }

    /// Waits until the thread has ended; once only.
    func join() { pthread_join(handle, nil) }

    private static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let thread = Unmanaged<Thread>.fromOpaque(context!).takeRetainedValue()
        setName(thread.name)
        if !thread.isPrivileged { Privileges.dropAllOfThread() }
        thread.body()
        return nil
    }

    /// glibc declares pthread_setname_np(3) for GNU C only, so the name goes where that function writes it.
    private static func setName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = Array(name.utf8.prefix(15)).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
    }
}
