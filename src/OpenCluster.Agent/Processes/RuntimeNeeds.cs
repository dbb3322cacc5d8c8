using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Agent.Processes;

/// <summary>
/// What the runtime of a built-in part is told by its environment, because it can be told in no other way. Whoever starts a part sets it
/// beforehand; a part that was started without executes itself anew with it, which costs a start of the runtime.
/// </summary>
public static class RuntimeNeeds
{
    /// <summary>
    /// For the data path: completions run on the thread that polls the sockets instead of hopping to a pool, which halves the CPU
    /// time of a small request. A handler that blocks would stall its loop, so nothing there may. And code that runs a hundred thousand
    /// times a second is worth compiling again by its profile, which elsewhere would cost more memory than it saves time; but only that: what
    /// was called less than 2000 times (in hexadecimal; by itself 30) was mostly the start, and its compilation would compete with requests
    /// for the first half million of them. Threads of the pool, which have little to do there, do not spin for more: each turn of theirs is
    /// one of a loop that shares the processor. The youngest generation is collected after 4 MB: requests leave next to no garbage.
    /// </summary>
    public static readonly ImmutableArray<KeyValuePair<string, string>> DataPath =
    [
        new("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1"),
        new("DOTNET_TieredPGO", "1"),
        new("DOTNET_TC_CallCountThreshold", "7D0"),
        new("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"),
        new("DOTNET_GCgen0size", "400000"),
    ];

    /// <summary>
    /// For parts that idle most of their life: the youngest generation is collected after 2 MB (in hexadecimal). By itself the runtime
    /// lets it grow to the size of the processor's cache, tens of megabytes on a server. And code is compiled a second time, for speed, only
    /// when nothing new has been compiled for a second (1000 ms, in hexadecimal): a start would otherwise compete with it for the processor.
    /// Nor do threads spin for work that comes ten times a second: an agent at rest gave up the processor 3,000 times a second.
    /// </summary>
    public static readonly ImmutableArray<KeyValuePair<string, string>> SmallHeap =
        [new("DOTNET_GCgen0size", "200000"), new("DOTNET_TC_CallCountingDelayMs", "3E8"), new("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0")];

    /// <summary>Of the part that an instance of this kind is; nothing for what is not ours.</summary>
    public static ImmutableArray<KeyValuePair<string, string>> Of(RunKind kind) => kind switch
    {
        RunKind.LoadBalancer or RunKind.Web => DataPath,
        RunKind.Controller => SmallHeap,
        _ => [],
    };
}
