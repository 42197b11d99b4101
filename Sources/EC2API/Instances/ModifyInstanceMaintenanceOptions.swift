import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceMaintenanceOptions`: what is not named stays as it is.
enum ModifyInstanceMaintenanceOptions: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceMaintenanceOptions

    static func perform(
        _ input: EC2.ModifyInstanceMaintenanceOptionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceMaintenanceOptionsResult {
        let id: InstanceID = try Lookup.id(input.instanceID)
        try transaction.setMaintenance(
            of: id, autoRecovery: input.autoRecovery?.rawValue, rebootMigration: input.rebootMigration?.rawValue)
        let instance: InstanceRecord = try transaction.owned(id)
        return EC2.ModifyInstanceMaintenanceOptionsResult(
            instanceID: id.description, autoRecovery: EC2.InstanceAutoRecoveryState(rawValue: instance.autoRecovery),
            rebootMigration: EC2.InstanceRebootMigrationState(rawValue: instance.rebootMigration ?? "default"))
    }
}
