import Daemon
print(Configuration().sampleFile, terminator: "")
