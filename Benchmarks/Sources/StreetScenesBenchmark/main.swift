import Foundation
import Measuring
import SegData

// Processor time of one rendered scene in every domain, 480×360 on one thread, beside that of a clear day:
//
//     StreetScenesBenchmark [SEVERITY [SCENES]]
//
// The domains take turns, scene by scene, so that whatever else the machine does hits all of them.

let arguments = CommandLine.arguments.dropFirst().compactMap(Double.init)
let severity = arguments.first ?? 0.7
let scenes = arguments.count > 1 ? Int(arguments[1]) : 20
let domains = try StreetScenes.Domain.all(severity: severity)
let data = try domains.map { try StreetScenes(seed: 1, count: scenes, domain: $0) }

var milliseconds = [[Double]](repeating: [], count: domains.count)
_ = data[0].sample(0)
for scene in 0..<scenes {
    for (index, set) in data.enumerated() {
        let start = clock()
        _ = set.sample(scene)
        milliseconds[index].append(Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1000)
    }
}

for (domain, times) in zip(domains, milliseconds) {
    let ratio = median(zip(times, milliseconds[0]).map { $0 / $1 })
    print(domain, String(format: "%.1f ms, %.1f images/s, %.2f × clear", median(times), 1000 / median(times), ratio))
}
