/// The life of the daemon.
public enum DaemonProcess {
    public static func run(configurationPath: String?, logLevel: LogLevel) -> Int32 { 0 }
}
