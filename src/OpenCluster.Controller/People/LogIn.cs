using OpenCluster.Api.Access;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Http;
using OpenCluster.Trust.Passwords;

namespace OpenCluster.Controller.People;

/// <summary>
/// Checks passwords. Guessing is slow: failures are counted by address and by user, and too many put off right passwords as well (sessions
/// and tokens are not touched by that). One is checked at a time, so that log-ins never take more than one core from the cluster's work.
/// </summary>
internal sealed class LogIn(DocumentBook<UserDocument> users, TimeProvider time) : IDisposable
{
    /// <summary>In a minute, by one address or for one user.</summary>
    public const int MostFailures = 10;

    /// <summary>Log-ins that may wait for their turn: a second's worth.</summary>
    private const int MostWaiting = 8;

    private readonly FailureLimit _byAddress = new(time, MostFailures);
    private readonly FailureLimit _byUser = new(time, MostFailures);
    private readonly SemaphoreSlim _one = new(1);
    private int _waiting;

    /// <summary>The user, when the password is right.</summary>
    /// <exception cref="Api.ProblemException">It is not, or this comes too often.</exception>
    public async Task<UserDocument> CheckAsync(string name, string password, string from, CancellationToken ct)
    {
        if (_byAddress.IsOver(from) || _byUser.IsOver(name)) throw Problems.TooManyFailures();
        if (password.Length > PasswordHash.MaxLength) throw Wrong(name, from);
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw Problems.Busy("Too many people log in at this moment.");
        }

        var user = users.Find(name);
        bool right;
        try
        {
            await _one.WaitAsync(ct);
            try
            {
                // The same work for a user who does not exist: how long the answer takes tells nothing.
                right = await Task.Run(() => PasswordHash.Matches(password, user?.PasswordHash ?? PasswordHash.OfNobody), ct);
            }
            finally
            {
                _one.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        return right && user is not null ? user : throw Wrong(name, from);
    }

    public void Dispose() => _one.Dispose();

    private Api.ProblemException Wrong(string name, string from)
    {
        _byAddress.Record(from);
        _byUser.Record(name);
        return Problems.NotAuthenticated("There is no such user, or the password is wrong.", "Try again; an admin can set another password.");
    }
}
