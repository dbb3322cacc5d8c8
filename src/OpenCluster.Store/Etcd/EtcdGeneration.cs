using System.Text.Json;

namespace OpenCluster.Store.Etcd;

/// <summary>
/// The generation, kept under a key with the id of the etcd cluster that it began in. When that key turns up in another
/// cluster, etcd was restored or moved, and a newer generation begins.
/// </summary>
internal static class EtcdGeneration
{
    /// <summary>How often two that open a store at once may get in each other's way.</summary>
    private const int MaxAttempts = 8;

    public static async Task<Generation> SettleAsync(EtcdGateway gateway, EtcdKeys keys, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var (range, error) = await gateway.CallAsync(
                "/v3/kv/range", new RangeRequest(keys.Generation), EtcdJson.Default.RangeRequest, EtcdJson.Default.RangeResponse, Repeat.Safe, cancellationToken);
            if (range is null)
                throw EtcdStore.Refused(error);
            var found = range.Kvs?[0];
            var known = found is null ? null : JsonSerializer.Deserialize(found.Value, EtcdJson.Default.GenerationDocument);
            if (known is not null && known.ClusterId == gateway.ClusterId)
                return new Generation(known.Number);

            var next = new GenerationDocument(Generation.NewerThan(new Generation(known?.Number ?? 0), time).Number, gateway.ClusterId);
            var put = new PutRequest(keys.Generation, JsonSerializer.SerializeToUtf8Bytes(next, EtcdJson.Default.GenerationDocument), null);
            // Whether or not it took effect, the next round reads what is there now.
            await gateway.CallAsync(
                "/v3/kv/txn",
                new TxnRequest([new Compare(keys.Generation, "EQUAL", found?.ModRevision ?? 0)], [new RequestOp(RequestPut: put)], []),
                EtcdJson.Default.TxnRequest,
                EtcdJson.Default.TxnResponse,
                Repeat.Safe,
                cancellationToken);
        }
        throw new StoreUnavailableException($"The generation in etcd changed {MaxAttempts} times while it was read; are two clusters using one namespace?", outcomeUnknown: false);
    }
}
