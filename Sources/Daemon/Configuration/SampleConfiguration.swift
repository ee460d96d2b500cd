extension Configuration {
    /// The text of a configuration file with every key, commented out at its value, and one line why.
    ///
    /// config/hdrlogd.toml is this text for the defaults; `hdrlogd --print-config` prints it.
    public var sampleFile: String {
        var text = """
            # hdrlogd.toml: settings of hdrlogd(8). Every key is optional and shown with its default.
            # Sizes take K, M, G, T (binary); times take ns, us, ms, s, min, h, d, w.
            # Check a change with `hdrlogd --check-config`, apply it with `systemctl reload hdrlogd`.

            """
        for section in Setting.sections {
            text += "\n[\(section)]\n"
            for setting in Setting.all where setting.section == section {
                text += "# \(setting.purpose)\n#\(setting.key) = \(setting.show(self))\n"
            }
        }
        return text + Self.sampleInterface + Self.sampleRule
    }

    private static let sampleInterface = """

        # What is different for some interfaces; the first table whose name or glob matches decides.
        #   [[interface]]
        #   match = "wg*"
        #   hook = "tc"
        #   direction = "in"

        """

    private static let sampleRule = """

        # Rules, as many as needed: the first whose expression, see hdrlog-filter(7), matches a packet decides about it.
        # "ignore": seen, and nothing else; "count": counted, also in its flow; "sample": counted, headers 1 in `rate`.
        #   [[rule]]
        #   match = "udp port 53 and src net 10.0.0.0/8"
        #   action = "sample"
        #   rate = 100

        """
}
