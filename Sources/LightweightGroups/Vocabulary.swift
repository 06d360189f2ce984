// What users of the library need of the vocabulary, and no more: the packets and indications that the layers hand
// to one another stay behind their own module.
@_exported import struct GroupModel.EndpointID
@_exported import struct GroupModel.HWGID
@_exported import enum GroupModel.LeftReason
@_exported import struct GroupModel.MemberID
@_exported import struct GroupModel.NodeID
@_exported import enum GroupModel.Order
@_exported import typealias GroupModel.Rank
@_exported import enum GroupModel.ReachedLimit
@_exported import struct GroupModel.ShortName
@_exported import struct GroupModel.SubView
@_exported import struct GroupModel.View
@_exported import struct GroupModel.ViewChange
@_exported import struct GroupModel.ViewID
