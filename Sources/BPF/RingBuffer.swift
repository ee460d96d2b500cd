internal import CLibBPF
internal import Glibc

/// A BPF ring buffer and its one reader.
///
/// libbpf's `ring_buffer__consume` runs until the ring is empty, however fast it fills; this reader stops when its
/// caller has no more room, and what it has not read stays. The consumer's position lives in the map, so another
/// process can go on where this one stopped. Layout: kernel/bpf/ringbuf.c.
public struct RingBuffer: ~Copyable {
    private let descriptor: Descriptor
    private let consumer: UnsafeMutablePointer<UInt>
    private let producer: UnsafePointer<UInt>
    private let data: UnsafeRawPointer
    private let mask: UInt
    private let page: Int
    /// A record that lies partly at the end of the data and partly at its beginning is put together here.
    private var joined: UnsafeMutableRawBufferPointer

    /// In the kernel's numbering: not finished yet, thrown away by the program, and the bytes before a record.
    private static let busyBit: UInt32 = 1 << 31
    private static let discardBit: UInt32 = 1 << 30
    private static let header = 8

    /// - Parameter size: bytes of data, a power of two and a multiple of the page size.
    public init(size: Int) throws(BPFError) {
        let descriptor = Descriptor(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, UInt32(size), nil))
        guard descriptor.number >= 0 else { throw BPFError("make a ring buffer of \(size) bytes", descriptor.number) }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        guard let written = mmap(nil, page, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0),
            written != MAP_FAILED
        else { throw .last("map a ring buffer's position") }
        // The kernel offers the data pages twice, one behind the other, so that no record is split. All mapped pages
        // are resident from the start, so one half is enough: a record a lap is put together instead.
        guard let read = mmap(nil, page + size, PROT_READ, MAP_SHARED, descriptor.number, off_t(page)),
            read != MAP_FAILED
        else {
            munmap(written, page)
            throw .last("map a ring buffer's data")
        }
        consumer = written.assumingMemoryBound(to: UInt.self)
        producer = UnsafePointer(read.assumingMemoryBound(to: UInt.self))
        data = UnsafeRawPointer(read + page)
        mask = UInt(size - 1)
        self.page = page
        self.descriptor = descriptor
        joined = .allocate(byteCount: page, alignment: 8)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: producer), page + Int(mask + 1))
        munmap(consumer, page)
        joined.deallocate()
    }

    var number: Int32 { descriptor.number }

    /// Bytes that wait to be read, headers included.
    public var waiting: Int { Int(hdrlog_acquire_long(producer) &- consumer.pointee) }

    /// Calls `take` with each finished record in order, until there is none or `take` returns false; that record stays.
    /// - Returns: false when `take` ended it.
    public mutating func drain(_ take: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        var position = consumer.pointee
        var end = hdrlog_acquire_long(producer)
        while position < end {
            let entry = data + Int(position & mask)
            let length = hdrlog_acquire_int(entry.assumingMemoryBound(to: UInt32.self))
            if length & Self.busyBit != 0 { return true }
            let bytes = Int(length & ~Self.discardBit)
            if length & Self.discardBit == 0 {
                guard take(record(at: position &+ UInt(Self.header), count: bytes)) else { return false }
            }
            position += UInt((bytes + Self.header + 7) & ~7)
            hdrlog_release_long(consumer, position)
            if position == end { end = hdrlog_acquire_long(producer) }
        }
        return true
    }

    /// The bytes of a record, wherever the ring's end falls.
    @inline(__always)
    private mutating func record(at position: UInt, count: Int) -> UnsafeRawBufferPointer {
        let start = Int(position & mask)
        let whole = UnsafeRawBufferPointer(start: data + start, count: count)
        let before = Int(mask) + 1 - start
        return before >= count ? whole : join(whole, before)
    }

    private mutating func join(_ record: UnsafeRawBufferPointer, _ before: Int) -> UnsafeRawBufferPointer {
        if record.count > joined.count {
            joined.deallocate()
            joined = .allocate(byteCount: record.count, alignment: 8)
        }
        let target = joined.baseAddress!
        target.copyMemory(from: record.baseAddress!, byteCount: before)
        (target + before).copyMemory(from: data, byteCount: record.count - before)
        return UnsafeRawBufferPointer(start: target, count: record.count)
    }
}
