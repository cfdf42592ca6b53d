namespace ZarrCache.Cli;

/// <summary>What a command ends with.</summary>
internal static class ExitStatus
{
    public const int Success = 0;

    /// <summary>The command ran, and what it looked at is not as it should be: faults found, keys that could not be fetched.</summary>
    public const int Findings = 1;

    /// <summary>The command could not do what it was asked to; standard error says why.</summary>
    public const int Failed = 2;

    /// <summary>Ended by Ctrl-C or a request to terminate: 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}
