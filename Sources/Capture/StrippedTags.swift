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
        let function = try KernelTypes().function("bpf_xdp_metadata_rx_vlan_tag")
        var code = MarkedCode(try programs.instructions(of: "hdrlog_xdp"))
        guard code.replace(HDRLOG_ASKS_NOT, with: HDRLOG_ASKS), code.call(function, at: HDRLOG_TAG_CALL) else {
            throw BPFError("find the marks in hdrlog_xdp", ENOEXEC)
        }
        return try GeneratedProgram(
            .xdpFrags, instructions: code.instructions, name: "hdrlog_xdp", boundTo: device.index)
    }
}
