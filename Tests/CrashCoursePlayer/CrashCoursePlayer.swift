// Plays many courses of events by chance, on all processors: APUS_SEEDS courses of APUS_OPERATIONS orders each, from the
// seed APUS_FIRST_SEED on. Tells each fault, and how far it is; its status is 1 where there was one.

import CrashCourses

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@main
struct CrashCoursePlayer {
    static func main() async {
        let first = Effort.number("APUS_FIRST_SEED", otherwise: 0)
        let seeds = Effort.number("APUS_SEEDS", otherwise: 10_000)
        let operations = Effort.number("APUS_OPERATIONS", otherwise: 100)
        let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var done = 0
        var faults = 0
        await withTaskGroup(of: String?.self) { group in
            var next = first
            while done < seeds {
                while next < first + seeds, next - first - done < processors {
                    let seed = UInt64(next)
                    group.addTask { Schedule.complaint(seed: seed, operations: operations) }
                    next += 1
                }
                if let complaint = await group.next() ?? nil {
                    faults += 1
                    Log.tell(complaint)
                }
                done += 1
                if done.isMultiple(of: 500) { Log.tell("\(done) courses, \(faults) with faults") }
            }
        }
        Log.tell("seeds \(first)..<\(first + seeds): \(done) courses of \(operations) orders, \(faults) with faults")
        exit(faults == 0 ? 0 : 1)
    }
}
