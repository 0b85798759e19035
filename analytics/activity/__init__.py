"""Days at home from room sensors: inactivity, rest–activity rhythm, days unlike the others. Arrays in, arrays out."""
