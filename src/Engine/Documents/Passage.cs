namespace Distributed.Engine.Documents;

/// <summary>A piece of a text that becomes one row of attention.</summary>
/// <param name="Index">Its number in the text, from 0.</param>
/// <param name="Line">The line its first word stands on, from 1.</param>
/// <param name="Text">What it says, trimmed, each run of white space inside it as one space.</param>
public sealed record Passage(int Index, int Line, string Text);
