import AWSWire
import Testing

private struct SentRequest: Decodable {
    let operation: String
    let method: String
    let path: String
    let query: String
    let headers: [String: String]
    let body: String
    let members: [String]
}

private struct ReadAnswer: Decodable {
    let operation: String
    let status: Int
    let headers: [String: String]
    let body: String
}

private let operations: [any RESTOperation.Type] =
    EBS.spokenOperations + RecycleBin.spokenOperations + InstanceConnect.spokenOperations

@Suite("The rest-json and JSON wire of every operation, compared with botocore's")
struct BotocoreRESTTests {
    @Test("each member that botocore sends is read to its place, wherever it stands")
    func requests() throws {
        let sent = try fixture("rest-requests", as: [SentRequest].self)
        #expect(Set(sent.map(\.operation)) == Set(operations.map { $0.name }))
        for request in sent {
            let operation = try #require(operations.first { $0.name == request.operation })
            let service = operation.service
            let ours = operations.filter { $0.service.signingName == service.signingName }
            let headers = request.headers.map { (name: $0.key, value: $0.value) }
            let labels: [String: String]
            if let target = service.target(in: headers) {
                #expect(target == request.operation)
                labels = [:]
            } else {
                let routes = RESTRoutes(ours.map { $0.binding })
                let found = try #require(
                    routes.find(method: request.method, path: request.path), "\(request.operation)")
                #expect(ours[found.place].name == request.operation)
                labels = found.labels
            }
            let decoded = try RESTRequest(
                operation.binding, labels: labels, query: request.query, headers: headers,
                body: Array(request.body.utf8))
            let members = try lines(input(of: operation, from: decoded))
            #expect(members.sorted() == request.members.sorted(), "\(request.operation)")
        }
    }

    @Test("each answer is what botocore reads every member from")
    func answers() throws {
        let expected = try fixture("rest-answers", as: [ReadAnswer].self)
        #expect(Set(expected.map(\.operation)) == Set(sampleRESTAnswers.keys))
        for answer in expected {
            let operation = try #require(operations.first { $0.name == answer.operation })
            let written = try #require(sampleRESTAnswers[answer.operation])
            #expect(operation.successStatus == answer.status)
            #expect(Dictionary(written.headers.map { ($0.name, $0.value) }) { $1 } == answer.headers)
            #expect(String(decoding: written.body, as: UTF8.self) == answer.body, "\(answer.operation)")
        }
    }

    private func input<Operation: RESTOperation>(
        of operation: Operation.Type, from request: RESTRequest
    ) throws(WireError) -> Operation.Input {
        try Operation.Input(from: request.root)
    }
}
