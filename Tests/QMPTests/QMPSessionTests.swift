import JSON
import Testing

@testable import QMP

@Suite("The monitor protocol")
struct QMPSessionTests {
    private func ready() throws -> QMPSession {
        var session = QMPSession()
        _ = try session.received(Array(#"{"QMP":{"version":{},"capabilities":[]}}"#.utf8))
        _ = try session.received(Array(#"{"return":{},"id":0}"#.utf8))
        return session
    }

    @Test("a greeting is answered by negotiating capabilities")
    func greeting() throws {
        var session = QMPSession()
        let outcome = try session.received(Array(#"{"QMP":{}}"#.utf8))
        #expect(outcome == .send(Array("{\"execute\":\"qmp_capabilities\",\"id\":0}\n".utf8)))
        #expect(try session.received(Array(#"{"event":"RESET"}"#.utf8)) != nil)
        #expect(try session.received(Array(#"{"return":{},"id":0}"#.utf8)) == .ready)
    }

    @Test("answers find their command by id, in any order")
    func answers() throws {
        var session = try ready()
        let first = session.request("a", nil)
        let second = session.request("b", ["x": 1])
        #expect(
            String(decoding: second.bytes, as: UTF8.self) == "{\"arguments\":{\"x\":1},\"execute\":\"b\",\"id\":2}\n")
        #expect(try session.received(Array(#"{"return":7,"id":2}"#.utf8)) == .answer(id: second.id, .success(7)))
        let refusal = #"{"error":{"class":"GenericError","desc":"no"},"id":1}"#
        #expect(
            try session.received(Array(refusal.utf8))
                == .answer(
                    id: first.id, .failure(.refused(command: "a", errorClass: "GenericError", description: "no"))))
    }

    @Test("an answer that nobody waits for any more is dropped")
    func late() throws {
        var session = try ready()
        let (id, _) = session.request("slow", nil)
        #expect(session.forget(id) == "slow" && session.forget(id) == nil)
        #expect(try session.received(Array(#"{"return":{},"id":1}"#.utf8)) == nil)
    }

    @Test("an event carries its data and moment")
    func event() throws {
        var session = try ready()
        let line = #"{"timestamp":{"seconds":2,"microseconds":5},"event":"SHUTDOWN","data":{"reason":"x"}}"#
        let expected = QMPEvent(name: "SHUTDOWN", data: ["reason": "x"], microseconds: 2_000_005)
        #expect(try session.received(Array(line.utf8)) == .event(expected))
    }

    @Test("anything else ends the session", arguments: ["", "[]", "{}", "hello", #"{"id":1}"#])
    func faults(line: String) throws {
        var session = try ready()
        #expect(throws: QMPError.self) { try session.received(Array(line.utf8)) }
        #expect(session.state == .ended)
    }

    @Test("any bytes are understood or refused, never a trap", arguments: 0..<20 as Range<UInt64>)
    func garbage(seed: UInt64) {
        var generator = Garbage(seed: seed)
        for _ in 0..<200 {
            var session = QMPSession()
            var lines = LineBuffer(maximumLength: 64)
            _ = session.request("first", nil)
            for _ in 0..<8 {
                guard let complete = try? lines.append(generator.line()) else { break }
                for line in complete { _ = try? session.received(line) }
            }
        }
    }

    @Test("bytes are cut at line ends wherever they arrive, and a line is bounded")
    func lines() throws {
        var lines = LineBuffer(maximumLength: 4)
        #expect(try lines.append(Array("ab".utf8)) == [])
        #expect(try lines.append(Array("c\r\n\n\nd\ne".utf8)) == [Array("abc".utf8), Array("d".utf8)])
        #expect(throws: LineBuffer.TooLong()) { try lines.append(Array("fghi".utf8)) }
    }
}
