internal import BPF
internal import CHdrlog
internal import Glibc

/// Copies of the XDP program that ask the driver for the VLAN tag that the hardware took off the frame.
///
/// The kernel lets only a program ask that is bound to its interface, so each interface has a copy of its own. It may
/// call rules by tail call since Linux 6.15; before, the kernel refuses it.
enum StrippedTags {
    /// - Throws: `BPFError` when the kernel or the interface's driver does not tell tags.
    static func program(_ programs: borrowing Object, for device: Device) throws(BPFError) -> GeneratedProgram {
        let function = try Object.kernelFunction("bpf_xdp_metadata_rx_vlan_tag")
        guard let code = asking(try programs.instructions(of: "hdrlog_xdp"), function) else {
            throw BPFError("find the marks in hdrlog_xdp", ENOEXEC)
        }
        return try GeneratedProgram(.xdpFrags, instructions: code, name: "hdrlog_xdp", boundTo: device.index)
    }

    /// BPF_JMP | BPF_CALL, and BPF_PSEUDO_KFUNC_CALL as its source register.
    private static let call: UInt64 = 0x85
    private static let toKernelFunction: UInt64 = 2 << 12

    /// The instructions with the marks of `ask_for_tag` changed.
    /// - Returns: nil unless each mark is there once.
    static func asking(_ code: [UInt64], _ function: Int32) -> [UInt64]? {
        func places(of mark: Int32) -> [Int] {
            code.indices.filter { UInt32(code[$0] >> 32) == UInt32(bitPattern: mark) }
        }
        let (number, called) = (places(of: HDRLOG_ASKS_NOT), places(of: HDRLOG_TAG_CALL))
        // The number is set once and compared with once.
        guard let set = number.first, called.count == 1, code[called[0]] & 0xFF == call else { return nil }
        var changed = code
        changed[set] = code[set] & 0xFFFF_FFFF | UInt64(HDRLOG_ASKS) << 32
        changed[called[0]] = call | toKernelFunction | UInt64(UInt32(bitPattern: function)) << 32
        return changed
    }
}
