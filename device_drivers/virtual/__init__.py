"""The mirror image of the drivers: virtual devices on a virtual radio.

They know bytes as the vendors' papers give them and nothing of our decoders, sessions or readings: what they show has
gone through a radio, ATT, SMP and HCI. They have their own clocks and do not use the gateway's.
"""
