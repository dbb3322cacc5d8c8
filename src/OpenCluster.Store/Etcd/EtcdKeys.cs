using System.Text;

namespace OpenCluster.Store.Etcd;

/// <summary>How the store's keys lie in etcd: documents under NAMESPACE/d/, the generation beside them.</summary>
internal sealed class EtcdKeys(string name)
{
    private readonly string documents = name + "d/";
    private readonly int prefixBytes = Encoding.UTF8.GetByteCount(name + "d/");

    public byte[] Generation { get; } = Encoding.UTF8.GetBytes(name + "generation");

    public byte[] Of(string key) => Encoding.UTF8.GetBytes(documents + key);

    /// <summary>The first key that does not start with what <paramref name="key"/> is: its last byte plus one, which UTF-8 always leaves room for.</summary>
    public static byte[] EndOf(byte[] key)
    {
        var end = (byte[])key.Clone();
        end[^1]++;
        return end;
    }

    public string KeyOf(byte[] etcdKey) => Encoding.UTF8.GetString(etcdKey.AsSpan(prefixBytes));

    public Document DocumentOf(KeyValue found) => new(
        KeyOf(found.Key),
        found.Value ?? [],
        found.CreateRevision,
        found.ModRevision,
        found.Lease == 0 ? null : new LeaseId(found.Lease));
}
