import CLinux
import Foundation
import Glibc

// KernelBench [RESULTS.json]: what the programs cost a frame. Root.

guard geteuid() == 0, hdrlog_new_network() == 0, hdrlog_stay_on_this_processor() == 0 else {
    FileHandle.standardError.write(Data("needs root\n".utf8))
    exit(2)
}
let cost = try FrameCost().measure()
var results = Results()
results.add("count_ns", cost["count"]!, "ns a frame", target: "<= 20")
results.add("histograms_ns", cost["histograms"]!, "ns a frame")
results.add("flows_ns_1", cost["flows_1"]!, "ns a frame, 1 flow", target: "<= 70")
results.add("flows_ns_64k", cost["flows_64k"]!, "ns a frame, 65,536 flows", target: "<= 120")
results.add("sample_ns", cost["sample"]!, "ns a frame, 1 flow", target: "<= 110")
results.add("sample_ns_64k", cost["sample_64k"]!, "ns a frame, 65,536 flows")
results.add("rules16_ns", cost["rules16"]! - cost["flows_1"]!, "ns a frame, added", target: "<= 30")
if CommandLine.arguments.count > 1 { try results.merge(into: CommandLine.arguments[1]) }
