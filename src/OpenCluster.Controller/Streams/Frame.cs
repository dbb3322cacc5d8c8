namespace OpenCluster.Controller.Streams;

/// <summary>One server-sent event: the id that resumes after it, and its JSON (one line).</summary>
internal readonly record struct Frame(long Id, ReadOnlyMemory<byte> Json);
