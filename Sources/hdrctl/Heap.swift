internal import CLinux
internal import Glibc

/// The memory of a process that lives as long as one answer takes.
enum Heap {
    private static let largePage = 2 << 20

    /// Has malloc(3) begin with some large pages and keep what it has, for all threads together: a third of a short
    /// answer's time would go into faults of single pages, many for memory that was given back just before.
    static func prepare() {
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, .max)
        mallopt(M_ARENA_MAX, 1)
        var piece: UnsafeMutableRawPointer?
        guard posix_memalign(&piece, largePage, 12 * largePage) == 0 else { return }
        madvise(piece, 12 * largePage, MADV_HUGEPAGE)
        free(piece)
    }
}
