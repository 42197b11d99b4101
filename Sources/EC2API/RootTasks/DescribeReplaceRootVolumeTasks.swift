import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeReplaceRootVolumeTasks`: how far replacements are, as long as their instances are known.
enum DescribeReplaceRootVolumeTasks: RecordAction {
    typealias Operation = EC2.Operation.DescribeReplaceRootVolumeTasks

    static func perform(
        _ input: EC2.DescribeReplaceRootVolumeTasksRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeReplaceRootVolumeTasksResult {
        try Pagination.check(input, atLeast: 1)
        let wanted = try Lookup.ids(input.replaceRootVolumeTaskIDs, RootTaskKind.self)
        var tasks = transaction.state.rootTasks.all(of: transaction.account)
        if !wanted.isEmpty {
            let missing = wanted.filter { id in !tasks.contains { $0.id == id } }
            guard missing.isEmpty else { throw .notFound(missing) }
            tasks = tasks.filter { wanted.contains($0.id) }
        }
        tasks = try filters.select(tasks.sorted { $0.id < $1.id }, by: input.filters, in: transaction.state)
        let page = try Pagination.page(tasks, for: input) { $0.id.description }
        return EC2.DescribeReplaceRootVolumeTasksResult(
            replaceRootVolumeTasks: page.items.map { EC2.ReplaceRootVolumeTask($0) }, nextToken: page.nextToken)
    }

    private static let filters = FilterTable<RootTaskRecord>(
        [
            "instance-id": { task, _ in [task.instance.description] },
            "replace-root-volume-task-id": { task, _ in [task.id.description] },
            "task-state": { task, _ in [task.state.rawValue] },
        ], tags: { $0.tags })
}
