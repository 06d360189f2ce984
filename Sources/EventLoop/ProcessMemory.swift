import CNet

/// The process's allocator, as a program that moves many packets wants it.
public enum ProcessMemory {
    /// Keeps up to `bytes` of freed memory in the process (64 MiB unless told). With the C library's default of 128 KiB the
    /// heap is given back and faulted in again with every window, which costs an 8 KiB message several microseconds. A
    /// process-wide setting: programs call it, libraries do not.
    public static func keepFreed(bytes: Int = 64 << 20) {
        cnet_keep_freed_memory(Int32(clamping: bytes))
    }
}
