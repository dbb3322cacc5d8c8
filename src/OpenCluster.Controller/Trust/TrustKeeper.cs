using System.Security.Cryptography;
using OpenCluster.Controller.Streams;
using OpenCluster.Decisions;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Trust;

namespace OpenCluster.Controller.Trust;

/// <summary>Looks after the controller's own certificate and the authority: what is to be done is decided in <c>Decisions/Trust</c>, here it is done.</summary>
internal sealed partial class TrustKeeper(ControllerTrust trust, Story story, TimeProvider time, ILogger<TrustKeeper> log)
{
    /// <summary>What the authority needs is about days; a person is told of it so often.</summary>
    private static readonly TimeSpan LookAtAuthorityEvery = TimeSpan.FromHours(12);

    private readonly SteadyClock _clock = new(time);
    private CertificateState _own = CertificateState.Of(trust.Own.From, trust.Own.Until);
    private DateTimeOffset _authorityLookedAt = DateTimeOffset.MinValue;

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(CertificateLife.LookEvery, time);
        try
        {
            do
            {
                LookAtAuthority();
                Handle(new CertificateEvent.Looked(time.GetUtcNow()));
            }
            while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The controller stops.
        }
    }

    private void LookAtAuthority()
    {
        if (_clock.Now - _authorityLookedAt < LookAtAuthorityEvery) return;
        _authorityLookedAt = _clock.Now;
        try
        {
            foreach (var effect in AuthorityLife.Look(trust.Facts(), time.GetUtcNow())) CarryOut(effect);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or CryptographicException)
        {
            Tell(Weight.Trouble, $"the authority's files cannot be used: {failed.Message}");
        }
    }

    private void CarryOut(AuthorityEffect effect)
    {
        switch (effect)
        {
            case AuthorityEffect.RenewIssuing renew:
                trust.Files.RenewIssuing(time.GetUtcNow());
                Take();
                Tell(Weight.Info, $"a new issuing authority signs from now on: {renew.Why}");
                break;
            case AuthorityEffect.DropOldRoots:
                trust.Files.DropOldRoots();
                Take();
                Tell(Weight.Info, $"the rotation of the root is done; the cluster's root is {trust.Roots.Fingerprint}");
                break;
            case AuthorityEffect.Warn warn:
                Tell(Weight.Warning, warn.Text);
                break;
        }
    }

    private void Handle(CertificateEvent happened)
    {
        var decision = CertificateLife.Handle(_own, happened, _clock.Now);
        _own = decision.State;
        foreach (var effect in decision.Effects)
        {
            switch (effect)
            {
                case CertificateEffect.Renew:
                    Handle(Renewed());
                    break;
                case CertificateEffect.Warn warn:
                    Tell(Weight.Warning, $"the controller's own certificate: {warn.Text}");
                    break;
                case CertificateEffect.Well:
                    Tell(Weight.Good, "the controller's own certificate is well again");
                    break;
            }
        }
    }

    private CertificateEvent Renewed()
    {
        try
        {
            Take();
            return new CertificateEvent.Renewed(trust.Own.From, trust.Own.Until);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return new CertificateEvent.NotRenewed(failed.Message);
        }
    }

    private void Take()
    {
        trust.Renew();
        _own = CertificateState.Of(trust.Own.From, trust.Own.Until) with { LastLook = _own.LastLook, LastWall = _own.LastWall, WatchUntil = _own.WatchUntil, Warned = _own.Warned };
    }

    private void Tell(Weight weight, string text)
    {
        story.Tell(new Note(time.GetUtcNow(), weight, "trust", text));
        LogTrust(log, text);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Text}")]
    private static partial void LogTrust(ILogger log, string text);
}
