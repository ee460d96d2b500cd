/// What is known of network drivers from the kernel's sources, for kernels before 6.3, which do not tell.
/// What a device can do for XDP: NETDEV_XDP_ACT_* of linux/netdev.h.
struct XDPFeatures: OptionSet {
    let rawValue: UInt64

    /// Programs in the driver.
    static let native = XDPFeatures(rawValue: 1)
    /// Frames of several buffers.
    static let frags = XDPFeatures(rawValue: 32)
}

enum Drivers {
    /// With `ndo_bpf`: they take native XDP.
    static let native: Set<String> = [
        "am65-cpsw-nuss", "atlantic", "bnxt_en", "cpsw", "dpaa2-eth", "ena", "enetc", "fec", "gve", "hv_netvsc", "i40e",
        "iavf", "ice", "igb", "igc", "ixgbe", "ixgbevf", "lan966x-switch", "mana", "mlx4_en", "mlx5_core",
        "mtk_soc_eth", "mvneta", "mvpp2", "netsec", "nfp", "nicvf", "qede", "sfc", "stmmac", "st_gmac", "tsnep", "veth",
        "virtio_net",
        "vmxnet3", "xen_netfront",
    ]

    /// Those that take frames of several buffers in native XDP (`xdp.frags`).
    static let frags: Set<String> = [
        "bnxt_en", "ena", "enetc", "i40e", "ice", "mlx5_core", "mvneta", "veth", "virtio_net",
    ]
}
