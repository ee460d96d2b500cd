/// The compiled programs, as the build plugin embeds them: an ELF object.
enum EmbeddedObject {
    static var bytes: [UInt8] {
        let text = UnsafeBufferPointer(start: bpfObjectHex.utf8Start, count: bpfObjectHex.utf8CodeUnitCount)
        return (0..<(text.count / 2)).map { digit(text[2 * $0]) << 4 | digit(text[2 * $0 + 1]) }
    }

    private static func digit(_ character: UInt8) -> UInt8 {
        character <= UInt8(ascii: "9") ? character - UInt8(ascii: "0") : character - UInt8(ascii: "a") + 10
    }
}
