import AWSWire
import Testing

@Suite("What an operation says of itself")
struct OperationTests {
    @Test("its flags are the protocols that its input follows", arguments: spokenOperations.map { $0.name })
    func flags(name: String) throws {
        let operation = try #require(spokenOperations.first { $0.name == name })
        #expect(operation.hasDryRun == inputs(of: operation, are: (any DryRunInput.Type).self))
        #expect(operation.hasClientToken == inputs(of: operation, are: (any ClientTokenInput.Type).self))
        #expect(operation.isPaginated == inputs(of: operation, are: (any PaginatedInput.Type).self))
        #expect(operation.isPaginated == outputs(of: operation, are: (any PaginatedOutput.Type).self))
        #expect(operation.service.knows(operation: name))
    }

    @Test(
        "a service knows the names of operations that are not spoken",
        arguments: ["RequestSpotFleet", "AcceptAddressTransfer"])
    func known(name: String) {
        #expect(EC2.service.knows(operation: name))
        #expect(!EC2.spokenOperations.contains { $0.name == name })
    }

    @Test(
        "and no others", arguments: ["", " ", "RunInstance", "Instances", "runInstances", "CreateFleet DeleteFleets"])
    func unknown(name: String) { #expect(!EC2.service.knows(operation: name)) }

    private func inputs<Operation: QueryOperation, Wanted>(of operation: Operation.Type, are: Wanted.Type) -> Bool {
        Operation.Input.self is Wanted
    }

    private func outputs<Operation: QueryOperation, Wanted>(of operation: Operation.Type, are: Wanted.Type) -> Bool {
        Operation.Output.self is Wanted
    }
}
