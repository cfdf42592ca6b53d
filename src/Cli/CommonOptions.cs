using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ZarrCache.Cli;

/// <summary>The options that several commands share, each defined once.</summary>
internal static class CommonOptions
{
    public static Option<string> Cache { get; } = new("--cache")
    {
        Description = "The directory of the cache. All else is read from its manifest.",
        HelpName = "DIR",
        Required = true,
    };

    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Write JSON to standard output, and nothing else.",
        Recursive = true,
    };

    public static Option<bool> Verbose { get; } = new("--verbose")
    {
        Description = "Log to standard error what happens, and show where errors come from.",
        Recursive = true,
    };

    public static Option<string?> Store { get; } = NewStoreId("Only this store.");

    public static Option<string> Prefix { get; } = new("--prefix")
    {
        Description = "Only keys that begin with this, such as u/.",
        HelpName = "PREFIX",
        DefaultValueFactory = _ => "",
    };

    public static Option<string?> NewStoreId(string description, bool required = false)
    {
        var option = new Option<string?>("--store") { Description = description, HelpName = "ID", Required = required };
        option.Validators.Add(result => Check(result, () =>
        {
            if (result.GetValueOrDefault<string?>() is { } id)
            {
                ZarrKey.ValidateStoreId(id);
            }
        }));
        return option;
    }

    public static Option<long?> NewMaxSize() => NewSize(
        "--max-size", "What the chunks of all stores may take up on disk, such as 50GiB or 500MB. For a new cache 50GiB; given for an existing one, it becomes that cache's.");

    public static Option<string?> NewPolicy() => new Option<string?>("--policy")
    {
        Description = "What goes first when it is full: lru, what was not read for longest; gdsf, what costs least to fetch again for the room it takes; lfu, what is read least; lirs, what is read once, so that scans pass by; fifo, the first in; lifo, the last in. For a new cache lru; given for an existing one, it becomes that cache's.",
        HelpName = "POLICY",
    }.AcceptOnlyFromAmong([.. EvictionPolicy.All.Select(policy => policy.Name)]);

    public static Option<long?> NewSize(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result => ParseSize(result, name),
    };

    public static Option<int> NewCount(string name, string description, int value, int maximum) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int given) || given < 1 || given > maximum)
            {
                result.AddError($"{name} is '{text}'; it must be a number from 1 to {maximum}.");
            }

            return given;
        },
    };

    private static long? ParseSize(ArgumentResult result, string name)
    {
        try
        {
            long size = ByteSize.Parse(result.Tokens[^1].Value);
            if (size < 1)
            {
                result.AddError($"{name} is '{result.Tokens[^1].Value}'; it must be at least 1 byte.");
            }

            return size;
        }
        catch (FormatException e)
        {
            result.AddError($"{name}: {e.Message}");
            return null;
        }
    }

    private static void Check(SymbolResult result, Action validate)
    {
        try
        {
            validate();
        }
        catch (ArgumentException e)
        {
            result.AddError(Messages.Of(e));
        }
    }
}
