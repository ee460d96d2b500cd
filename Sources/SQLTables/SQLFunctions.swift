internal import Records
internal import SQLite

/// Functions that make values readable, and find addresses in networks.
enum SQLFunctions {
    static func add(to extensions: Extensions) throws(SQLiteError) {
        // in_net(address, '10.0.0.0/8'): 1 or 0; NULL for what is no address.
        try extensions.add(function: "in_net", arguments: 2) { arguments, result in
            guard case .text(let network) = arguments[1], let prefix = IPPrefix(network) else {
                return result.error("in_net: the second argument is a network such as 10.0.0.0/8")
            }
            guard case .text(let text) = arguments[0], let address = IPAddress(text) else { return }
            result.integer(prefix.contains(address) ? 1 : 0)
        }
        // net(address, 24): the network that an address is in.
        try extensions.add(function: "net", arguments: 2) { arguments, result in
            guard case .text(let text) = arguments[0], let address = IPAddress(text) else { return }
            guard case .integer(let length) = arguments[1],
                let prefix = IPPrefix(address, length: Int(clamping: length))
            else { return }
            result.text("\(prefix.address)/\(prefix.length)")
        }
        try extensions.add(function: "protocol_name", arguments: 1) { arguments, result in
            guard case .integer(let number) = arguments[0] else { return }
            let name = UInt8(exactly: number).flatMap { IPProtocol.name(of: $0) }
            result.text(name.map { "\($0)" } ?? "\(number)")
        }
        // tcp_flags(18): as tcpdump writes them.
        try extensions.add(function: "tcp_flags", arguments: 1) { arguments, result in
            guard case .integer(let number) = arguments[0], let bits = UInt16(exactly: number) else { return }
            result.text("\(TCPFlags(rawValue: bits))")
        }
    }
}
