using OpenCluster.Decisions.Trust;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Agent.Trust;

/// <summary>One certificate that the agent keeps: its own, or that of a load-balancer it runs.</summary>
internal sealed class CertificateCare(CredentialFiles files, string? balancer)
{
    public CredentialFiles Files => files;

    /// <summary>Instance id; null for the agent's own.</summary>
    public string? Balancer => balancer;

    /// <summary>Null before the first certificate.</summary>
    public CertificateState? State { get; set; } = files.Exist ? StateOf(files) : null;

    public string Whose => balancer is null ? "this agent" : $"load-balancer {balancer}";

    /// <summary>After a new one has been written.</summary>
    public CertificateEvent.Renewed Take()
    {
        var fresh = StateOf(files);
        State ??= fresh;
        return new CertificateEvent.Renewed(fresh.From, fresh.Until);
    }

    private static CertificateState StateOf(CredentialFiles files)
    {
        var shown = files.Read().Certificate!.TargetCertificate;
        return CertificateState.Of(Validity.From(shown), Validity.Until(shown));
    }
}
