import Glibc

package enum DiskSpace {
    /// Bytes that an ordinary process can still write below a path, or below the folder that it would lie in; 0 where that
    /// cannot be told.
    package static func free(at path: String) -> Int {
        var facts = statvfs()
        var path = path
        while statvfs(path, &facts) != 0 {
            guard errno == ENOENT, let slash = path.lastIndex(of: "/"), path != "/" else { return 0 }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
        return Int(facts.f_bavail) * Int(facts.f_frsize)
    }
}
