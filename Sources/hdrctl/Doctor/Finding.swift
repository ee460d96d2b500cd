/// What `doctor` found of one thing.
struct Finding: Codable, Equatable {
    enum Severity: String, Codable {
        case ok, note, problem
    }

    var severity: Severity
    /// What it is about: `kernel`, `eth0`.
    var subject: String
    var text: String
    /// What to do, as a command where there is one.
    var remedy: String?

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(severity: .ok, subject: subject, text: text)
    }

    /// Works, but not as well as it could.
    static func note(_ subject: String, _ text: String, remedy: String) -> Finding {
        Finding(severity: .note, subject: subject, text: text, remedy: remedy)
    }

    /// Keeps hdrlogd from its work.
    static func problem(_ subject: String, _ text: String, remedy: String) -> Finding {
        Finding(severity: .problem, subject: subject, text: text, remedy: remedy)
    }
}
