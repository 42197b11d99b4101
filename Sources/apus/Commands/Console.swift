import ArgumentParser
import FoundationEssentials
import Glibc
import HostSystem

/// `apus console`: an instance's serial console in this terminal.
struct Console: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "An instance's serial console in this terminal.",
        discussion: """
            Its account allows it with EnableSerialConsoleAccess. Ctrl-] leaves; the guest notices nothing. Several may look \
            and type at a time: all see the same.
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The instance.") var instance: String

    func run() throws {
        let client = OperatorClient(socketPath: state.directory.operatorSocket)
        let order = OperatorService.ConsoleOrder(instance: instance)
        guard let answer = try client.call("POST", "/console", body: Array(try JSONEncoder().encode(order))) else {
            throw CommandFailure("Nothing serves on \(state.directory.path). Start it: apus up")
        }
        guard answer.status == 200 else { throw CommandFailure(String(decoding: answer.body, as: UTF8.self)) }
        let folder = "\(state.directory.path)/guests/\(instance)"
        try ConsoleSession(log: folder + "/console.log", socket: folder + "/console.sock").run()
    }
}

/// Shows what the guest writes by its log, which QEMU keeps whoever looks; types by the console's socket, which takes one
/// caller at a time and so is held for each burst of keys alone.
struct ConsoleSession {
    let log: String
    let socket: String

    /// Ctrl-]
    private static let escape: UInt8 = 0x1d
    /// Of what was written before, so much is shown.
    private static let history: off_t = 4_096

    func run() throws {
        let file = try OwnedDescriptor(open(log, O_RDONLY | O_CLOEXEC), "open \(log)")
        let news = try OwnedDescriptor(inotify_init1(O_CLOEXEC | O_NONBLOCK), "inotify")
        guard inotify_add_watch(news.number, log, UInt32(IN_MODIFY)) >= 0 else { throw SystemError("watch \(log)") }
        let terminal = RawTerminal()
        defer { terminal?.restore() }
        if terminal != nil { try show(Array("Ctrl-] leaves.\r\n".utf8), on: STDERR_FILENO) }
        var offset = max(0, lseek(file.number, 0, SEEK_END) - ConsoleSession.history)
        var requests = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: news.number, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            try show(file, from: &offset)
            guard poll(&requests, 2, -1) >= 0 || errno == EINTR else { throw SystemError("poll") }
            if requests[1].revents != 0 { _ = read(news.number) }
            guard requests[0].revents != 0 else { continue }
            let keys = read(STDIN_FILENO)
            let typed = keys.prefix { $0 != ConsoleSession.escape }
            if !typed.isEmpty { try type(Array(typed)) }
            if typed.count < keys.count || keys.isEmpty { return try show(file, from: &offset) }
        }
    }

    private func read(_ descriptor: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return Array(buffer.prefix(max(0, count)))
    }

    private func show(_ file: OwnedDescriptor, from offset: inout off_t) throws {
        let end = lseek(file.number, 0, SEEK_END)
        // Another launch began its log anew.
        if end < offset { offset = 0 }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while offset < end {
            let count = pread(file.number, &buffer, buffer.count, offset)
            guard count > 0 else { throw SystemError("read \(log)") }
            try show(Array(buffer.prefix(count)), on: STDOUT_FILENO)
            offset += off_t(count)
        }
    }

    private func show(_ bytes: [UInt8], on descriptor: Int32) throws {
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError("write") }
    }

    /// Returns once QEMU has taken the keys: it closes when it has read all of what was sent.
    private func type(_ keys: [UInt8]) throws {
        let connection = try UnixSocket.connect(socket)
        guard write(connection.number, keys, keys.count) == keys.count else { throw SystemError("type") }
        shutdown(connection.number, Int32(SHUT_WR))
        while !read(connection.number).isEmpty {}
    }
}

/// A terminal that hands over each key as it is; nil where standard input is none.
private struct RawTerminal {
    private let before: termios

    init?() {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        before = settings
        cfmakeraw(&settings)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    func restore() {
        var settings = before
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
}
