import Glibc

// store-meter allocations             allocations in steady state, from a chunk of records to a committed block
// store-meter device DIRECTORY RATE SECONDS FLUSH SYNC INTERVAL
//                                     writes so many headers a second for so many seconds of a clock that runs faster

switch CommandLine.arguments.dropFirst().first {
case "allocations": try Allocations.measure()
case "device":
    let numbers = CommandLine.arguments.dropFirst(3).compactMap { Int64($0) }
    guard numbers.count == 5 else { exit(64) }
    let pace = DeviceWriter.Pace(
        rate: Int(numbers[0]), seconds: numbers[1], flush: numbers[2], sync: numbers[3], interval: numbers[4])
    try DeviceWriter(directory: CommandLine.arguments[2], pace).run()
default: exit(64)
}
