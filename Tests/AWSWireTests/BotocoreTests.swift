import AWSWire
import Testing

private struct SentRequest: Decodable {
    let operation: String
    let form: String
    let members: [String]
}

private struct ReadAnswer: Decodable {
    let operation: String
    let xml: String
}

@Suite("The wire of every operation, compared with botocore's")
struct BotocoreTests {
    @Test("each member that botocore sends is read to its place")
    func requests() throws {
        let sent = try fixture("requests", as: [SentRequest].self)
        #expect(Set(sent.map(\.operation)) == Set(spokenOperations.map { $0.name }))
        for request in sent {
            let operation = try #require(spokenOperations.first { $0.name == request.operation })
            let decoded = try QueryRequest(body: Array(request.form.utf8))
            #expect(decoded.action == request.operation)
            let members = try lines(input(of: operation, from: decoded))
            #expect(members.sorted() == request.members.sorted(), "\(request.operation)")
        }
    }

    @Test("each answer is the document from which botocore reads every member")
    func answers() throws {
        let expected = try fixture("answers", as: [ReadAnswer].self)
        #expect(Set(expected.map(\.operation)) == Set(sampleAnswers.keys))
        for answer in expected {
            let written = try #require(sampleAnswers[answer.operation])
            #expect(String(decoding: written, as: UTF8.self) == answer.xml, "\(answer.operation)")
        }
    }

    private func input<Operation: QueryOperation>(
        of operation: Operation.Type, from request: QueryRequest
    ) throws(WireError) -> Operation.Input {
        try Operation.Input(from: request.parameters)
    }
}
