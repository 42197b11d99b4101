import Glibc

package enum DiskSpace {
    /// Bytes that an ordinary process can still write below a path; 0 where that cannot be told.
    package static func free(at path: String) -> Int {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return 0 }
        return Int(facts.f_bavail) * Int(facts.f_frsize)
    }
}
