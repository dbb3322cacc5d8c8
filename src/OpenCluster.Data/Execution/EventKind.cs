namespace OpenCluster.Data.Execution;

/// <summary>Kinds of keyspace notifications, as <c>notify-keyspace-events</c> selects them by letter.</summary>
[Flags]
internal enum EventKind
{
    None = 0,

    /// <summary>g: DEL, EXPIRE, RENAME and others that know no type.</summary>
    Generic = 1,

    /// <summary>$</summary>
    String = 2,

    /// <summary>l</summary>
    List = 4,

    /// <summary>s</summary>
    Set = 8,

    /// <summary>h</summary>
    Hash = 16,

    /// <summary>z</summary>
    SortedSet = 32,

    /// <summary>x</summary>
    Expired = 64,

    /// <summary>e</summary>
    Evicted = 128,

    /// <summary>K: on the channel of the key.</summary>
    ByKey = 1024,

    /// <summary>E: on the channel of the event.</summary>
    ByEvent = 2048,

    /// <summary>A.</summary>
    All = Generic | String | List | Set | Hash | SortedSet | Expired | Evicted,
}
