/// A small table of port names, so that filters read the same on every host whatever /etc/services says.
enum ServiceName {
    static func port(named name: String) -> UInt16? { table[name] }

    static let all: [String] = table.keys.sorted()

    private static let table: [String: UInt16] = [
        "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "dns": 53, "bootps": 67,
        "bootpc": 68, "tftp": 69, "http": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "ident": 113, "nntp": 119,
        "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "imap": 143, "imap2": 143, "snmp": 161,
        "snmp-trap": 162, "bgp": 179, "irc": 194, "ldap": 389, "https": 443, "microsoft-ds": 445, "submissions": 465,
        "isakmp": 500, "syslog": 514, "rtsp": 554, "submission": 587, "ldaps": 636, "domain-s": 853, "rsync": 873,
        "ftps": 990, "imaps": 993, "pop3s": 995, "socks": 1080, "openvpn": 1194, "ms-sql-s": 1433, "l2tp": 1701,
        "pptp": 1723, "radius": 1812, "radius-acct": 1813, "mqtt": 1883, "nfs": 2049, "mysql": 3306,
        "ms-wbt-server": 3389, "rdp": 3389, "stun": 3478, "ipsec-nat-t": 4500, "vxlan": 4789, "sip": 5060,
        "sips": 5061, "mdns": 5353, "llmnr": 5355, "postgresql": 5432, "amqp": 5672, "geneve": 6081, "redis": 6379,
        "http-alt": 8080, "mqtts": 8883, "wireguard": 51820,
    ]
}
