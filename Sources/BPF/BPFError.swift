internal import Glibc

/// What the kernel or libbpf refused.
public struct BPFError: Error, Equatable, CustomStringConvertible {
    /// What was tried: "load the programs".
    public let operation: String
    /// errno.
    public let number: Int32
    /// What the verifier said, where it was asked; empty otherwise.
    public let detail: String

    public init(_ operation: String, _ number: Int32, detail: String = "") {
        self.operation = operation
        self.number = abs(number)
        self.detail = detail
    }

    /// The error of a call that has set errno.
    static func last(_ operation: String) -> BPFError { BPFError(operation, errno) }

    public var description: String {
        "cannot \(operation): \(String(cString: strerror(number)))" + (detail.isEmpty ? "" : "\n\(detail)")
    }
}
