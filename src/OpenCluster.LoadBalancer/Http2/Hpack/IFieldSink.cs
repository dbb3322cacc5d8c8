namespace OpenCluster.LoadBalancer.Http2.Hpack;

/// <summary>Takes the fields of a block as they are decoded.</summary>
internal interface IFieldSink
{
    /// <summary>The next field. The spans hold only for as long as the call lasts.</summary>
    void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);
}
