// Whether the account lets serial consoles of its instances be used: switched on and off, and asked. Off at first.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `EnableSerialConsoleAccess`
enum EnableSerialConsoleAccess: RecordAction {
    typealias Operation = EC2.Operation.EnableSerialConsoleAccess

    static func perform(
        _ input: EC2.EnableSerialConsoleAccessRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableSerialConsoleAccessResult {
        transaction.allowSerialConsoles(true)
        return EC2.EnableSerialConsoleAccessResult(serialConsoleAccessEnabled: true)
    }
}

/// `DisableSerialConsoleAccess`
enum DisableSerialConsoleAccess: RecordAction {
    typealias Operation = EC2.Operation.DisableSerialConsoleAccess

    static func perform(
        _ input: EC2.DisableSerialConsoleAccessRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableSerialConsoleAccessResult {
        transaction.allowSerialConsoles(false)
        return EC2.DisableSerialConsoleAccessResult(serialConsoleAccessEnabled: false)
    }
}

/// `GetSerialConsoleAccessStatus`
enum GetSerialConsoleAccessStatus: RecordAction {
    typealias Operation = EC2.Operation.GetSerialConsoleAccessStatus

    static func perform(
        _ input: EC2.GetSerialConsoleAccessStatusRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetSerialConsoleAccessStatusResult {
        let account = transaction.state.accounts[transaction.account]
        return EC2.GetSerialConsoleAccessStatusResult(
            serialConsoleAccessEnabled: account?.allowsSerialConsoles == true, managedBy: .account)
    }
}
