// What a long run tells about itself, and how much of it there is to be.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

package enum Log {
    package static func tell(_ text: String) {
        let line = Array("crash tests: \(text)\n".utf8)
        _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    }
}

/// The environment's word on how long to go on.
package enum Effort {
    package static func number(_ name: String, otherwise usual: Int) -> Int {
        text(name).flatMap { Int($0) } ?? usual
    }

    package static func text(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
