namespace OpenCluster.Decisions.Registrations;

/// <summary>Why a registration, renewal or question is refused, as RFC 9457 will tell it.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable, kebab-case.</param>
/// <param name="Field">The field of the request at fault; null when none is.</param>
public sealed record RegistrationProblem(int Status, string Code, string Detail, string Instead, string? Field = null)
{
    public static RegistrationProblem Invalid(string field, string detail, string instead) => new(400, "invalid", detail, instead, field);

    public static RegistrationProblem Forbidden(string code, string detail, string instead) => new(403, code, detail, instead);

    public static RegistrationProblem Conflict(string code, string detail, string instead) => new(409, code, detail, instead);
}
