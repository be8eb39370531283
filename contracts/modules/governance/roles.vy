# pragma version 0.4.3
"""
@title Roles: who may do what
@notice OpenZeppelin's AccessControl: the same functions, events and custom errors. Every role is administered by
        DEFAULT_ADMIN_ROLE.
"""
from contracts.interfaces import ITimelock

DEFAULT_ADMIN_ROLE: public(constant(bytes32)) = empty(bytes32)

hasRole: public(HashMap[bytes32, HashMap[address, bool]])


@external
@view
def getRoleAdmin(role: bytes32) -> bytes32:
    return DEFAULT_ADMIN_ROLE


@external
def grantRole(role: bytes32, account: address):
    self._check_role(DEFAULT_ADMIN_ROLE)
    self._grant(role, account)


@external
def revokeRole(role: bytes32, account: address):
    self._check_role(DEFAULT_ADMIN_ROLE)
    self._revoke(role, account)


@external
def renounceRole(role: bytes32, callerConfirmation: address):
    if callerConfirmation != msg.sender:
        raw_revert(method_id("AccessControlBadConfirmation()"))
    self._revoke(role, callerConfirmation)


@internal
@view
def _check_role(role: bytes32):
    """
    @notice Reverts unless the caller has the role.
    """
    if not self.hasRole[role][msg.sender]:
        raw_revert(
            abi_encode(
                msg.sender, role, method_id=method_id("AccessControlUnauthorizedAccount(address,bytes32)")
            )
        )


@internal
def _grant(role: bytes32, account: address):
    if not self.hasRole[role][account]:
        self.hasRole[role][account] = True
        log ITimelock.RoleGranted(role=role, account=account, sender=msg.sender)


@internal
def _revoke(role: bytes32, account: address):
    if self.hasRole[role][account]:
        self.hasRole[role][account] = False
        log ITimelock.RoleRevoked(role=role, account=account, sender=msg.sender)
