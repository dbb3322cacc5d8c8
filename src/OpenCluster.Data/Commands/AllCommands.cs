using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>Every command there is.</summary>
internal static class AllCommands
{
    public static CommandTable Table() => new(
    [
        .. Strings.Commands, .. Counters.Commands, .. Ranges.Commands, .. Bits.Commands,
        .. Keys.Commands, .. Expiry.Commands, .. Scanning.Commands,
        .. Hashes.Commands, .. Sets.Commands, .. SetAlgebra.Commands, .. Lists.Commands, .. SortedSets.Commands, .. SortedSetRanges.Commands, .. SortedSetAlgebra.Commands,
        .. MultiPop.Commands, .. Blocking.Commands, .. PubSub.Commands,
        .. Transactions.Commands, .. Connecting.Commands, .. Asking.Commands, .. Slow.Commands, .. Acl.Commands,
    ]);
}
