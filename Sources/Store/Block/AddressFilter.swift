internal import Records

/// A Bloom filter over the addresses of a block: four bits a member out of eight or more provided, so that about one
/// in forty blocks without an address is read for nothing.
enum AddressFilter {
    private static let hashes = 4

    static func hash(_ address: IPAddress) -> UInt64 {
        var value = address.high &* 0x9E37_79B9_7F4A_7C15 ^ address.low ^ UInt64(address.version.rawValue) << 60
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// Drops what is there already: a server's address comes with each of its clients.
    private static func removeDuplicates(_ members: inout [UInt64]) {
        var exponent = 4
        while 1 << exponent < 2 * members.count { exponent += 1 }
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1 << exponent) { table in
            // A member that is 0 is never found here: it may come twice.
            table.initialize(repeating: 0)
            members.removeAll { member in
                var place = Int(truncatingIfNeeded: member) & (table.count - 1)
                while table[place] != 0 {
                    if table[place] == member { return true }
                    place = (place + 1) & (table.count - 1)
                }
                table[place] = member
                return false
            }
        }
    }

    /// - Parameter members: hashes, in any order, several times if need be; loses those.
    static func write(_ members: inout [UInt64], to buffer: ByteBuffer) {
        removeDuplicates(&members)
        var exponent: UInt8 = 6
        while 1 << Int(exponent) < members.count * 8 { exponent += 1 }
        buffer.append(exponent)
        let bytes = 1 << (Int(exponent) - 3)
        buffer.reserve(bytes)
        let start = buffer.base + buffer.count
        start.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        let filter = start.assumingMemoryBound(to: UInt8.self)
        for member in members {
            for index in 0..<hashes {
                let bit = Self.bit(member, index, exponent)
                filter[bit >> 3] |= 1 << UInt8(bit & 7)
            }
        }
        buffer.count += bytes
    }

    static func contains(_ filter: UnsafeRawBufferPointer, _ exponent: UInt8, _ address: IPAddress) -> Bool {
        let member = hash(address)
        return (0..<hashes).allSatisfy { index in
            let bit = bit(member, index, exponent)
            return filter[bit >> 3] & 1 << UInt8(bit & 7) != 0
        }
    }

    private static func bit(_ member: UInt64, _ index: Int, _ exponent: UInt8) -> Int {
        let step = member >> 32 | 1
        return Int(truncatingIfNeeded: member &+ UInt64(index) &* step) & (1 << Int(exponent) - 1)
    }
}
